resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  count = 2
}
output "a" {
  value = terraform_data.a.id
}
