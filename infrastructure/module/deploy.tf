# GitHub's workflow deploys without a key: its token is exchanged for one of this account, and only a job of this
# repository in this stage's GitHub environment gets one.
resource "google_iam_workload_identity_pool" "github" {
  project                   = var.project
  workload_identity_pool_id = "github"
  display_name              = "GitHub"

  depends_on = [google_project_service.api]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  project                            = var.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_condition                = "assertion.repository == '${var.github_repository}'"
  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "deploy" {
  project      = var.project
  account_id   = "parma-deploy"
  display_name = "Parma Analytics: deployments from GitHub"

  depends_on = [google_project_service.api]
}

resource "google_service_account_iam_member" "github_deploys" {
  service_account_id = google_service_account.deploy.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/repo:${var.github_repository}:environment:${var.stage}"
}

locals {
  # Cloud Functions builds as the default compute account.
  build_account = "${data.google_project.this.number}-compute@developer.gserviceaccount.com"

  deploy_roles = [
    # Functions, their services, queues, jobs and triggers
    "roles/cloudfunctions.developer",
    "roles/run.admin",
    "roles/cloudtasks.queueAdmin",
    "roles/cloudscheduler.admin",
    "roles/eventarc.admin",
    # The images' clean-up policy
    "roles/artifactregistry.admin",
    # Hosting, Firestore's rules and indexes
    "roles/firebasehosting.admin",
    "roles/firebaserules.admin",
    "roles/datastore.indexAdmin",
    "roles/firebase.viewer",
    "roles/serviceusage.serviceUsageConsumer",
    # Which secrets there are, and who reads them; not their values
    "roles/secretmanager.viewer",
    # Migrations
    "roles/cloudsql.client",
    "roles/cloudsql.instanceUser",
    # The functions' network
    "roles/compute.networkViewer",
  ]
}

resource "google_project_iam_member" "deploy" {
  for_each = toset(local.deploy_roles)

  project = var.project
  role    = each.key
  member  = google_service_account.deploy.member
}

# It has functions run as their accounts, and builds run as the default one.
resource "google_service_account_iam_member" "deploys_as" {
  for_each = merge(
    { for stage, account in google_service_account.function : stage => account.name },
    { build = "projects/${var.project}/serviceAccounts/${local.build_account}" },
  )

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deploy.member
}
