run "instance" {
  variables {
    a = 3
  }
  expect_failures = [terraform_data.r[0]]
}
