variable "environment" {
  description = "Which environment this is: dev, test or prod."
  type        = string
  default     = "dev"

  validation {
    condition     = contains(["dev", "test", "prod"], var.environment)
    error_message = "The environment must be dev, test or prod, not ${var.environment}."
  }
}

variable "sites" {
  description = "The sites to write, by name."
  type = map(object({
    title = string
    links = optional(list(string), [])
  }))

  default = {
    home = {
      title = "Home"
      links = ["docs", "blog"]
    }
    docs = {
      title = "Documentation"
      links = ["home"]
    }
    blog = {
      title = "Blog"
    }
  }

  validation {
    condition     = alltrue([for name in keys(var.sites) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "Names of sites are lower-case letters, digits and dashes."
  }
}
