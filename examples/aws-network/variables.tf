variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "name" {
  type    = string
  default = "example"
}

variable "cidr_block" {
  type    = string
  default = "10.0.0.0/16"
}

variable "zones" {
  description = "In how many zones"
  type        = number
  default     = 2

  validation {
    condition     = var.zones >= 1 && var.zones <= 3
    error_message = "One, two or three zones."
  }
}
