# Terraform makes the secrets and says who reads them. Their values never pass through it, or they would stand in its
# state: an operator sets them (docs/deployment.md).
locals {
  secrets = toset(flatten([for account in local.accounts : account.secrets]))

  secret_readers = merge([
    for account, wanted in local.accounts : {
      for secret in wanted.secrets : "${account} ${secret}" => { account = account, secret = secret }
    }
  ]...)
}

resource "google_secret_manager_secret" "secret" {
  for_each = local.secrets

  project             = var.project
  secret_id           = each.key
  deletion_protection = true

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.secret_readers

  project   = var.project
  secret_id = google_secret_manager_secret.secret[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.account].member
}
