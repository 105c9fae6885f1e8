variable "z" {
  default = "setup"
}
resource "terraform_data" "s" {
  input = var.z
}
output "s" {
  value = terraform_data.s.output
}
output "paths" {
  value = "${path.module} ${path.root}"
}
