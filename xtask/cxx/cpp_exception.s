# The tag of C++ exceptions: its payload is the address of the exception object.
	.globl	__cpp_exception
	.tagtype	__cpp_exception i32
__cpp_exception:
