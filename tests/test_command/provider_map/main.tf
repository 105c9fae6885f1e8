terraform {
  required_providers {
    terraform = {
      source                = "terraform.io/builtin/terraform"
      configuration_aliases = [terraform.x]
    }
  }
}
resource "terraform_data" "r" {}
resource "terraform_data" "x" {
  provider = terraform.x
}
output "ids" {
  value = [terraform_data.r.id, terraform_data.x.id]
}
