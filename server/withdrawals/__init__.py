"""The withdrawals resource: images that their subjects withdrew."""
