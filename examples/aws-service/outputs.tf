output "address" {
  value = "http://${aws_lb.front.dns_name}"
}

output "bucket" {
  value = aws_s3_bucket.files.bucket
}

output "queue" {
  value = aws_sqs_queue.jobs.url
}
