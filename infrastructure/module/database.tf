resource "google_sql_database_instance" "parma" {
  project             = var.project
  name                = "parma-${var.stage}"
  region              = var.region
  database_version    = "POSTGRES_18"
  deletion_protection = true

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.database_tier
    availability_type           = var.database_is_replicated ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_autoresize             = true
    deletion_protection_enabled = true

    database_flags {
      name  = "max_connections"
      value = tostring(var.database_max_connections)
    }

    # The functions and the migrations log in as service accounts: the database has no password.
    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }

    ip_configuration {
      # The deployment's proxy comes over the public address, with IAM and TLS; no network may connect without the proxy.
      ipv4_enabled    = true
      ssl_mode        = "ENCRYPTED_ONLY"
      private_network = google_compute_network.functions.id
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      # Before the nightly retention at 03:20.
      start_time = "01:00"

      backup_retention_settings {
        retained_backups = 30
      }
    }

    insights_config {
      query_insights_enabled = true
    }

    maintenance_window {
      # Sunday, when nothing is reported and little is mined.
      day          = 7
      hour         = 4
      update_track = "stable"
    }
  }

  depends_on = [google_service_networking_connection.google_services]

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_sql_database" "parma" {
  project  = var.project
  instance = google_sql_database_instance.parma.name
  name     = "parma"
  # The web application's tables are in it too.
  deletion_policy = "ABANDON"
}

# PostgreSQL's names are too short for a whole address: Cloud SQL leaves off its end.
resource "google_sql_user" "function" {
  for_each = google_service_account.function

  project  = var.project
  instance = google_sql_database_instance.parma.name
  name     = trimsuffix(each.value.email, ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"
}

resource "google_sql_user" "deploy" {
  project  = var.project
  instance = google_sql_database_instance.parma.name
  name     = trimsuffix(google_service_account.deploy.email, ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"
}

resource "google_sql_user" "person" {
  for_each = toset(var.database_users)

  project  = var.project
  instance = google_sql_database_instance.parma.name
  name     = each.key
  type     = "CLOUD_IAM_USER"
}
