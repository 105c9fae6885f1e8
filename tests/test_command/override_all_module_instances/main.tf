module "m" {
  source = "./deep"
  count  = 2
}
output "m" {
  value = module.m[*].id
}
