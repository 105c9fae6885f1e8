variable "name" {
  type    = string
  default = "default"
}

resource "terraform_data" "a" {
  input = var.name
}

output "name" {
  value = terraform_data.a.output
}

output "tree" {
  value = { a = 1, b = ["x", "y"], c = var.name }
}
