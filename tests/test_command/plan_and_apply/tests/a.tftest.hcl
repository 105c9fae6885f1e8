run "plans" {
  command = plan
  assert {
    condition     = terraform_data.a.input == "default"
    error_message = "wrong input"
  }
}

run "applies" {
  assert {
    condition     = output.name == "default" && length(terraform_data.a.id) == 36
    error_message = "wrong output"
  }
}
