variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "name" {
  type    = string
  default = "shop"
}

variable "image" {
  description = "What runs: it listens on port 8080, and answers /health"
  type        = string
  default     = "public.ecr.aws/nginx/nginx:1.27"
}

variable "count_of_tasks" {
  type    = number
  default = 2
}

variable "keep" {
  description = "Whether what holds data may not be deleted"
  type        = bool
  default     = false
}
