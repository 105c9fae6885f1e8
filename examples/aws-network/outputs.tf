output "vpc_id" {
  value = aws_vpc.this.id
}

output "public_subnets" {
  value = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "private_subnets" {
  value = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "front_group" {
  description = "Security group of what the world may reach"
  value       = aws_security_group.front.id
}

output "behind_group" {
  description = "Security group of what only the front may reach"
  value       = aws_security_group.behind.id
}
