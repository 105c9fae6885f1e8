variable "size" {
  type    = number
  default = 1

  validation {
    condition     = var.size < 10
    error_message = "The size is too large."
  }
}

resource "terraform_data" "a" {
  input = var.size

  lifecycle {
    postcondition {
      condition     = self.output != 5
      error_message = "It must not be 5."
    }
  }
}

check "later" {
  assert {
    condition     = terraform_data.a.output != 7
    error_message = "It must not be 7."
  }
}
