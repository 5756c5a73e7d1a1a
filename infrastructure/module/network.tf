# The functions reach the database and private modules through it (direct VPC egress: no connector to pay for).
resource "google_compute_network" "functions" {
  project                 = var.project
  name                    = "parma-functions"
  auto_create_subnetworks = false

  depends_on = [google_project_service.api]
}

# Each instance of a function takes an address, and two while a new revision replaces the old one: 1,024 are enough for
# the instances that the functions declare, twice over.
resource "google_compute_subnetwork" "functions" {
  project                  = var.project
  name                     = "parma-functions"
  region                   = var.region
  network                  = google_compute_network.functions.id
  ip_cidr_range            = "10.8.0.0/22"
  private_ip_google_access = true
}

# Cloud SQL's private address is in a network of Google's that is peered with ours.
resource "google_compute_global_address" "google_services" {
  project       = var.project
  name          = "parma-google-services"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
  network       = google_compute_network.functions.id
}

resource "google_service_networking_connection" "google_services" {
  network                 = google_compute_network.functions.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.google_services.name]
}
