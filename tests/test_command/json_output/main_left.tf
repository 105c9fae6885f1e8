resource "terraform_data" "stays" {
  lifecycle {
    prevent_destroy = true
  }
}
