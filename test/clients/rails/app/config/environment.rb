# What the task `environment` of rake loads.
require_relative "application"
Rails.application.initialize!
