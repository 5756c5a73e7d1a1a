variable "project" {
  description = "The Google Cloud project, which is a Firebase project too."
  type        = string
}

variable "stage" {
  description = "staging or prod: the name of the GitHub environment that deploys here."
  type        = string

  validation {
    condition     = contains(["staging", "prod"], var.stage)
    error_message = "stage is staging or prod."
  }
}

variable "region" {
  description = "Where the functions run (REGION in functions/src/platform/config.ts), and all else with them."
  type        = string
  default     = "europe-west1"
}

variable "database_tier" {
  description = "The Cloud SQL machine. The default has one core and 3.75 GB, for which Cloud SQL allows 100 connections."
  type        = string
  default     = "db-custom-1-3840"
}

variable "database_max_connections" {
  description = "The server's limit of connections. `scripts/dev limits` shows how many the functions may open."
  type        = number
}

variable "database_is_replicated" {
  description = "Whether a second zone takes over when the first fails. It doubles the price."
  type        = bool
  default     = false
}

variable "database_users" {
  description = "People who log in to the database with their Google account, by email."
  type        = list(string)
  default     = []
}

variable "github_repository" {
  description = "Whose workflow may deploy: owner/name."
  type        = string
}

variable "web_app_url" {
  description = "Where parma-web is: messages link to it."
  type        = string
}

variable "public_url" {
  description = "This project's Hosting site."
  type        = string
}

variable "mail_from" {
  description = "The sender of messages: an address, or `Name <address>`."
  type        = string
}

variable "operator_email" {
  description = "Where alerts, budget warnings and the backend's own notices go."
  type        = string
}

variable "operator_service_accounts" {
  description = "Service accounts that may call the operators' routes, by email."
  type        = list(string)
  default     = []
}

variable "module_networks" {
  description = "Private networks that mining modules may be in, as CIDR."
  type        = list(string)
  default     = []
}

variable "billing_account" {
  description = "The billing account that the budget belongs to."
  type        = string
}

variable "monthly_budget" {
  description = "What a month may cost, in the billing account's currency."
  type        = number
}
