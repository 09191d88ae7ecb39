import { places } from "./tree.ts";

/** What reads the tables. Names of files and of what rkt lists are words as they are: nothing in them is expanded. */
export const zshEngine = `
# Offers what a word may be: _rkt_offer SPECIFICATION POD
_rkt_offer() {
  local kind data=\${dir:-${places.data}}
  local -a found
  if [[ $1 != @* ]]; then
    found=(\${(s:|:)1})
    compadd -a found
    return
  fi
  for kind in \${(s:@:)1}; do
    found=()
    case $kind in
    files) _files ;;
    directories) _files -/ ;;
    declarations) found=(${places.declarations.map((directory) => `${directory}/*.pod(N:t:r)`).join(" ")}) ;;
    pods) found=(\${(f)"$(cat $data/${places.named}/*/name(N) /dev/null 2>/dev/null)"} ${[places.named, places.prepared, ...places.phases].map((directory) => `$data/${directory}/*-*-*-*-*(N:t)`).join(" ")}) ;;
    named) found=(\${(f)"$(cat $data/${places.named}/*/name(N) /dev/null 2>/dev/null)"}) ;;
    prepared) found=($data/${places.prepared}/*-*-*-*-*(N:t)) ;;
    keys)
      found=(${places.keys.map((directory) => `${directory}/*.d/**/*(N.:t)`).join(" ")})
      found=(\${(M)found:#[0-9a-f](#c40,64)})
      ;;
    images) found=(\${(f)"$(command rkt \${dir:+"--dir=$dir"} complete images "$PREFIX" </dev/null 2>/dev/null)"}) ;;
    apps) found=(\${(f)"$(command rkt \${dir:+"--dir=$dir"} complete apps \${2:+"$2"} </dev/null 2>/dev/null)"}) ;;
    esac
    found=(\${(M)found:#[A-Za-z0-9]*})
    found=(\${found:#*[^A-Za-z0-9._:/+-]*})
    (( \${#found} )) && compadd -a found
  done
}

_rkt() {
  local name= asked= option= pod= ended= dir= stops value word kind
  local -a subcommands flags valued operands
  integer index count=0
  for ((index = 2; index < CURRENT; index++)); do
    word=\${(Q)words[index]}
    if [[ $word == --- ]]; then
      ended=
    elif [[ $word == -- ]]; then
      ended=1
    elif [[ -z $ended && $word == -* ]]; then
      _rkt_value "$name $word"
      [[ $word != --dir=* ]] || dir=\${word#*=}
      [[ -n $value && $value != '='* ]] || continue
      option=$value
      (( ++index < CURRENT )) && option=
      [[ $word != --dir || -n $option ]] || dir=\${(Q)words[index]}
    elif [[ $name == help ]]; then
      asked=\${asked:+$asked }$word
    elif (( count == 0 )) && _rkt_about "\${name:+$name }$word"; then
      name=\${name:+$name }$word
    else
      _rkt_about "$name"
      [[ -z $stops ]] || ended=1
      (( count++ )) || pod=$word
    fi
  done
  _rkt_about "$name"
  for word in \${(Q)words[CURRENT + 1,-1]}; do
    [[ -n $pod || $word == -* ]] || pod=$word
  done
  if [[ -n $option ]]; then
    _rkt_offer $option $pod
  elif [[ -z $ended && $PREFIX == --*=* ]]; then
    _rkt_value "$name \${PREFIX%%=*}"
    compset -P '*='
    _rkt_offer "\${value#=}" $pod
  elif [[ -z $ended && $PREFIX == -* ]]; then
    _describe -o option flags
    _describe -o option valued -S ''
  elif [[ $name == help ]]; then
    _rkt_about "$asked" && _describe command subcommands
  else
    (( count == 0 && \${#subcommands} )) && _describe command subcommands
    kind=\${operands[count + 1]}
    [[ -n $kind || $operands[-1] != *\\* ]] || kind=$operands[-1]
    [[ -z $kind ]] || _rkt_offer "\${kind%\\*}" $pod
  fi
  return 0
}

if [[ $funcstack[1] == _rkt ]]; then
  _rkt "$@"
else
  compdef _rkt rkt
fi
`;
