"""The ICE-side service: intake, ledger, scorecard and what ICE tells ORR."""
