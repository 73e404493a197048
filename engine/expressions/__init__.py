"""The one expression language of conditions, timers, multi-instance and operations' inputs."""
