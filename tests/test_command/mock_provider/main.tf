variable "n" {
  default = "in"
}
resource "terraform_data" "a" {
  input = var.n
}
resource "terraform_data" "b" {
  count = 2
  input = "b${count.index}"
}
data "terraform_remote_state" "s" {
  backend = "local"
  config  = { path = "nowhere" }
}
module "child" {
  source = "./child"
  in     = terraform_data.a.id
}
output "ids" {
  value = concat([terraform_data.a.id], terraform_data.b[*].id)
}
output "remote" {
  value = data.terraform_remote_state.s.outputs
}
output "child" {
  value = module.child
}
