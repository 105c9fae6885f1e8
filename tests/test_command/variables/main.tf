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

variable "list" {
  type = list(string)
}
output "list" {
  value = var.list
}
