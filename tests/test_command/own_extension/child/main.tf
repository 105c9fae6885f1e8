variable "in" {}
resource "terraform_data" "x" {
  input = var.in
}
output "id" {
  value = terraform_data.x.id
}
output "out" {
  value = terraform_data.x.output
}
