# The smallest Rails application that has `rails db:...`: ActiveRecord and nothing else.
require "logger"
require "rails"
require "active_record/railtie"

module App
  class Application < Rails::Application
    config.load_defaults Rails::VERSION::STRING.to_f
    config.eager_load = false
    config.active_record.schema_format = ENV.fetch("SCHEMA_FORMAT", "ruby").to_sym
  end
end
