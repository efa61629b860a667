# SPDX-License-Identifier: BSD-2-Clause
#
# Tab completion for bouncectl in bash: the program itself says what may come next.
_bouncectl()
{
	local word=${COMP_WORDS[COMP_CWORD]}

	COMPREPLY=($(bouncectl complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
	[ "${COMPREPLY[0]-}" != @files ] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -F _bouncectl bouncectl
