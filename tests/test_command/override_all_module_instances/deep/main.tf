resource "terraform_data" "d" {}
output "id" {
  value = terraform_data.d.id
}
