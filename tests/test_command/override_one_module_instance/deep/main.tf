resource "terraform_data" "d" {}
check "inside" {
  assert {
    condition     = length(terraform_data.d.id) > 0
    error_message = "empty"
  }
}
output "id" {
  value = terraform_data.d.id
}
