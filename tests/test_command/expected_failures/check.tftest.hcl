run "expected" {
  variables {
    a = 5
  }
  expect_failures = [check.five]
}

run "expected_in_plan" {
  command = plan
  variables {
    a = 5
  }
  expect_failures = [check.five]
}

run "unexpected" {
  variables {
    a = 5
  }
}
