# Each stage runs as an account of its own, which may do what the stage does and no more. All of them reach the
# database. `rights` are explained at `project_roles` and `bucket_roles` below; `secrets` are those that the stage's
# functions declare.
locals {
  accounts = {
    schedule = {
      rights  = ["tasks"]
      secrets = ["PARMA_WEB_SECRET"]
    }
    mine = {
      rights  = ["tasks", "firestore", "write-bucket"]
      secrets = ["PARMA_SHARED_SECRET_KEY", "PARMA_ANALYTICS_SECRET_KEY", "GITHUB_TOKEN"]
    }
    ingest = {
      rights  = ["tasks", "firestore", "write-bucket"]
      secrets = ["PARMA_SHARED_SECRET_KEY", "PARMA_ANALYTICS_SECRET_KEY", "PARMA_WEB_SECRET"]
    }
    normalize = {
      rights  = ["events", "firestore", "read-bucket"]
      secrets = []
    }
    analyze = {
      rights  = ["tasks", "events"]
      secrets = ["OPENAI_API_KEY"]
    }
    language = {
      rights  = []
      secrets = ["OPENAI_API_KEY"]
    }
    notify = {
      rights  = ["tasks", "slack-tokens"]
      secrets = ["SMTP_URL", "PARMA_LINK_SECRET"]
    }
    report = {
      rights  = ["tasks", "write-bucket", "slack-tokens"]
      secrets = ["SMTP_URL", "PARMA_LINK_SECRET"]
    }
    operate = {
      rights  = ["tasks", "queues", "firestore", "write-bucket", "delete-slack-tokens"]
      secrets = ["PARMA_SHARED_SECRET_KEY", "PARMA_ANALYTICS_SECRET_KEY", "PARMA_LINK_SECRET"]
    }
  }

  # What every account needs: to connect to the instance, and to log in.
  database_roles = ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]

  project_roles = {
    # Cloud Tasks and Cloud Scheduler call a function in the name of the account that enqueued the task or runs the job.
    tasks = ["roles/cloudtasks.enqueuer", "roles/run.invoker"]
    # How much waits in the queues.
    queues = ["roles/cloudtasks.viewer"]
    # Eventarc hands a Firestore event over in the name of the function that takes it.
    events = ["roles/eventarc.eventReceiver", "roles/run.invoker"]
    # IAM has no narrower unit than all of Firestore.
    firestore = ["roles/datastore.user"]
  }

  bucket_roles = {
    read-bucket  = "roles/storage.objectViewer"
    write-bucket = "roles/storage.objectUser"
  }

  slack_token_roles = {
    slack-tokens = "roles/secretmanager.secretAccessor"
    # Erasing a user deletes their channels' tokens; no narrower role can delete a secret.
    delete-slack-tokens = "roles/secretmanager.admin"
  }

  project_bindings = merge([
    for account, wanted in local.accounts : {
      for role in distinct(concat(local.database_roles, flatten([
        for right in wanted.rights : lookup(local.project_roles, right, [])
      ]))) : "${account} ${role}" => { account = account, role = role }
    }
  ]...)

  bucket_bindings = merge([
    for account, wanted in local.accounts : {
      for right in wanted.rights : account => local.bucket_roles[right] if contains(keys(local.bucket_roles), right)
    }
  ]...)

  slack_token_bindings = merge([
    for account, wanted in local.accounts : {
      for right in wanted.rights : account => local.slack_token_roles[right]
      if contains(keys(local.slack_token_roles), right)
    }
  ]...)
}

resource "google_service_account" "function" {
  for_each = local.accounts

  project      = var.project
  account_id   = "parma-${each.key}"
  display_name = "Parma Analytics: ${each.key}"

  depends_on = [google_project_service.api]
}

resource "google_project_iam_member" "function" {
  for_each = local.project_bindings

  project = var.project
  role    = each.value.role
  member  = google_service_account.function[each.value.account].member
}

resource "google_storage_bucket_iam_member" "function" {
  for_each = local.bucket_bindings

  bucket = google_storage_bucket.raw_answers.name
  role   = each.value
  member = google_service_account.function[each.key].member
}

# The web application makes a secret for each Slack channel; its name begins like this.
resource "google_project_iam_member" "slack_tokens" {
  for_each = local.slack_token_bindings

  project = var.project
  role    = each.value
  member  = google_service_account.function[each.key].member

  condition {
    title      = "slack-tokens"
    expression = "resource.name.startsWith('projects/${data.google_project.this.number}/secrets/parma-analytics-notification-channel-key-')"
  }
}

# Tasks are dispatched in the name of the account that enqueued them, so it must be allowed to act as itself.
resource "google_service_account_iam_member" "dispatches_tasks" {
  for_each = { for account, wanted in local.accounts : account => wanted if contains(wanted.rights, "tasks") }

  service_account_id = google_service_account.function[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function[each.key].member
}

# What Google's own services do in this project: call jobs with a token of the job's account, deliver events, build.
resource "google_project_iam_member" "google_service" {
  for_each = {
    "roles/cloudscheduler.serviceAgent" = "service-${data.google_project.this.number}@gcp-sa-cloudscheduler.iam.gserviceaccount.com"
    "roles/eventarc.serviceAgent"       = "service-${data.google_project.this.number}@gcp-sa-eventarc.iam.gserviceaccount.com"
    "roles/cloudtasks.serviceAgent"     = "service-${data.google_project.this.number}@gcp-sa-cloudtasks.iam.gserviceaccount.com"
    "roles/cloudbuild.builds.builder"   = local.build_account
  }

  project = var.project
  role    = each.key
  member  = "serviceAccount:${each.value}"

  depends_on = [google_project_service.api]
}
