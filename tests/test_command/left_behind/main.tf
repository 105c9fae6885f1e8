resource "terraform_data" "r" {
  lifecycle {
    prevent_destroy = true
  }
}
resource "terraform_data" "s" {
  input = terraform_data.r.id
}
