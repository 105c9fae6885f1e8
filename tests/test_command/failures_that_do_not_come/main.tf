variable "a" {
  type    = number
  default = 1
  validation {
    condition     = var.a < 10
    error_message = "a is too big"
  }
}

resource "terraform_data" "r" {
  input = var.a
  lifecycle {
    precondition {
      condition     = var.a != 2
      error_message = "before two"
    }
    postcondition {
      condition     = self.output != 3
      error_message = "after three"
    }
  }
}

output "o" {
  value = terraform_data.r.output
  precondition {
    condition     = var.a != 4
    error_message = "output four"
  }
}

check "five" {
  assert {
    condition     = var.a != 5
    error_message = "check five"
  }
}
