variable "regions" {
  description = "Regions and their zones."
  type        = map(object({ zones = list(string) }))
  default = {
    north = { zones = ["a", "b", "c"] }
    south = { zones = ["a", "b"] }
  }

  validation {
    condition     = alltrue([for region in values(var.regions) : length(region.zones) > 0])
    error_message = "Every region needs a zone."
  }
}

variable "services" {
  description = "What runs."
  type = map(object({
    instances = optional(number, 1)
    ports     = optional(map(number), { http = 80 })
    regions   = optional(set(string), [])
  }))
  default = {
    web = {
      instances = 3
      ports     = { http = 80, https = 443 }
    }
    api = {
      instances = 2
      ports     = { grpc = 9000 }
    }
    batch = {
      regions = ["south"]
      ports   = {}
    }
  }
}

variable "max_instances" {
  description = "A warning is shown beyond so many."
  type        = number
  default     = 50
}
