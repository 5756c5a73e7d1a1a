# Raw answers that Firestore cannot hold without loss, report pages, and the input files of built-in modules. Not
# Firebase's default bucket: that one is open to Firebase's clients by its rules.
resource "google_storage_bucket" "raw_answers" {
  project                     = var.project
  name                        = "${var.project}-raw-answers"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  # What is deleted or overwritten by mistake can be brought back for 30 days. An erasure is complete after them.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }

    action {
      type = "Delete"
    }
  }

  # A raw answer is read within minutes, and again only by a backfill. Nearline costs half as much to keep.
  lifecycle_rule {
    condition {
      age            = 90
      matches_prefix = ["raw_data/"]
    }

    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
  }

  # Versions and the rule above are the way back; a second one would only keep what was erased for longer.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.api]
}
