# The variables of the GitHub environment that deploys here, by name. .github/workflows/deploy.yml reads them.
output "deploy_variables" {
  value = {
    WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github.name
    DEPLOY_SERVICE_ACCOUNT     = google_service_account.deploy.email
    CLOUD_SQL_INSTANCE         = google_sql_database_instance.parma.connection_name
    CLOUD_SQL_DATABASE         = google_sql_database.parma.name
    # Empty: each function logs in as its own account.
    CLOUD_SQL_USER            = ""
    CLOUD_SQL_MIGRATION_USER  = google_sql_user.deploy.name
    BLOB_STORE                = "gs://${google_storage_bucket.raw_answers.name}"
    WEB_APP_URL               = var.web_app_url
    PUBLIC_URL                = var.public_url
    MAIL_FROM                 = var.mail_from
    OPERATOR_SERVICE_ACCOUNTS = join(",", var.operator_service_accounts)
    MODULE_NETWORKS           = join(",", var.module_networks)
    SERVICE_ACCOUNTS          = "separate"
    CLOUD_SQL_IP              = "PRIVATE"
    DATABASE_MAX_CONNECTIONS  = tostring(var.database_max_connections)
    VPC_NETWORK               = google_compute_network.parma.name
    VPC_SUBNETWORK            = google_compute_subnetwork.functions.name
    VPC_EGRESS                = "PRIVATE_RANGES_ONLY"
    OPERATOR_EMAIL            = var.operator_email
  }
}

# Run once, as an administrator of the database, after the first migration: Terraform does not log in to PostgreSQL.
output "database_grants" {
  value = concat(
    [for user in google_sql_user.function : "grant parma_functions to \"${user.name}\";"],
    [for user in google_sql_user.person : "grant parma_readonly to \"${user.name}\";"],
  )
}

# What has no value after `terraform apply`, until an operator sets it.
output "secrets_to_set" {
  value = sort(local.secrets)
}
