output "instances" {
  value = { for name, region in module.region : name => region.instances }
}

output "endpoints" {
  value = terraform_data.register.output.endpoints
}
