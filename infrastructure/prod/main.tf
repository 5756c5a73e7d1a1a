terraform {
  required_version = ">= 1.9"

  # terraform init -backend-config="bucket=…": a bucket with versioning, made by hand, that only administrators read.
  backend "gcs" {
    prefix = "parma-analytics/prod"
  }

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50.0"
    }
  }
}

provider "google" {
  project = "la-famiglia-parma-ai"
  region  = "europe-west1"
  # Budgets are asked for in the name of the project, not of the person who applies this.
  billing_project       = "la-famiglia-parma-ai"
  user_project_override = true
}

variable "billing_account" {
  description = "The billing account, as XXXXXX-XXXXXX-XXXXXX."
  type        = string
}

variable "operator_email" {
  description = "Where alerts and notices go."
  type        = string
}

variable "web_app_url" {
  description = "Where parma-web is."
  type        = string
}

variable "mail_from" {
  description = "The sender of messages."
  type        = string
}

module "parma" {
  source = "../module"

  project           = "la-famiglia-parma-ai"
  stage             = "prod"
  github_repository = "la-famiglia-jst2324/parma-analytics"
  public_url        = "https://la-famiglia-parma-ai.web.app"
  web_app_url       = var.web_app_url
  mail_from         = var.mail_from
  operator_email    = var.operator_email
  billing_account   = var.billing_account

  database_tier            = "db-custom-2-7680"
  database_is_replicated   = true
  database_max_connections = 100
  monthly_budget           = 400
}

output "deploy_variables" {
  value = module.parma.deploy_variables
}

output "database_grants" {
  value = module.parma.database_grants
}

output "secrets_to_set" {
  value = module.parma.secrets_to_set
}
