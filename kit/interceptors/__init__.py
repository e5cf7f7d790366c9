"""What happens around every call, one idea a file, in the order that `kit.server.interceptors` lists."""
