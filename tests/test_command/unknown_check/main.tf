resource "terraform_data" "r" {}
check "later" {
  assert {
    condition     = terraform_data.r.id != "x"
    error_message = "x"
  }
}
