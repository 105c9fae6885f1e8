output "pages" {
  description = "The pages, by site."
  value       = { for name, site in module.site : name => site.path }
}

output "links" {
  description = "How many links there are on all pages."
  value       = sum(concat([0], [for site in module.site : site.link_count]))
}

output "admin_password" {
  description = "Shown by `terrane output admin_password` only."
  value       = random_password.admin.result
  sensitive   = true
}
