"""Language models behind OpenAI-compatible endpoints: OpenRouter first, any other as well.

This adapter carries messages and counts what they cost. It neither writes prompts nor reads decisions.
"""
