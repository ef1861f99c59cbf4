"""A cluster on an emulated LAN: hosts, limits, load, and the scenarios that are measured."""

from comparison import Failure, say

__all__ = ["Failure", "say"]
