run "target" {
  plan_options {
    target = [terraform_data.b[1]]
  }
  assert {
    condition     = terraform_data.b[1].id != ""
    error_message = "wrong"
  }
}
