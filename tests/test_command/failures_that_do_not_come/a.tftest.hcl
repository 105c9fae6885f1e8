run "nothing" {
  command         = plan
  expect_failures = [check.five, var.a, terraform_data.none]
}
