"""What is known to break out of other template languages is refused here, or is a text like any other.

The payloads are the classic ones for engines in Python, Go, Ruby, PHP, Java and JavaScript.
"""

import time

import pytest

from compozy.templates import TemplateError

REFUSED = (
    # Arithmetic, with which one finds out what evaluates a text.
    "{{7*7}}",
    "{{7*'7'}}",
    "{{ 7 + 7 }}",
    "{{= 7*7 }}",
    "{{{ 7*7 }}}",
    "{{@7*7}}",
    # Jinja2, Twig, Django, Tornado.
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ [].__class__.__base__.__subclasses__()[0]() }}",
    "{{ self.__init__.__globals__.__builtins__ }}",
    "{{ config.__class__.__init__.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ request|attr('application')|attr('\\x5f\\x5fglobals\\x5f\\x5f') }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__['__builtins__']['eval'](\"__import__('os')\") }}",
    "{{ ()|attr('__class__')|attr('__base__') }}",
    "{{ 'abc' | map('system') }}",
    "{{ _self.env.registerUndefinedFilterCallback('exec') }}",
    "{{ ['id']|filter('system') }}",
    "{{ include('/etc/passwd') }}",
    "{{ source('/etc/passwd') }}",
    "{{ settings.SECRET_KEY }}",
    "{{ handler.settings }}",
    "{{ import os }}{{ os.system('id') }}",
    "{{ __import__('os').system('id') }}",
    # The names of Python's insides, in the language's own syntax.
    "{{ .__class__ }}",
    "{{ .word.__class__.__mro__ }}",
    "{{ .people.__init__.__globals__ }}",
    "{{ .people.items }}",
    "{{ .people.keys }}",
    "{{ .pairs.append }}",
    "{{ .word.format }}",
    "{{ .word.__format__ }}",
    "{{ $.__dict__ }}",
    "{{ now.__class__ }}",
    "{{ (uuidv4).__class__.__init__ }}",
    "{{ (dict 'a' 1).__class__ }}",
    "{{ (list 1).__len__ }}",
    "{{ index . '__class__' }}",
    "{{ index .people '__class__' '__mro__' }}",
    "{{ index .pairs '__class__' }}",
    "{{ get .word '__class__' }}",
    # Go's text/template, Sprig, Helm and Hugo.
    "{{ . | call }}",
    '{{ call .word "id" }}',
    '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
    '{{ block "a" . }}{{ end }}',
    '{{ template "a" }}',
    '{{ include "a" . }}',
    '{{ tpl "{{ .env }}" . }}',
    "{{ .Files.Get `/etc/passwd` }}",
    '{{ readFile "/etc/passwd" }}',
    '{{ os.ReadFile "/etc/passwd" }}',
    '{{ getHostByName "localhost" }}',
    '{{ expandenv "$HOME" }}',
    "{{ html `<b>` | js | print | call }}",
    "{{ genPrivateKey `rsa` }}",
    "{{ env `HOME` }}",
    "{{ env `PATH` }}",
    "{{ .env.HOME }}",
    "{{ break }}",
    "{{ range .pairs }}{{ continue }}{{ end }}",
    # Angular, Vue, Handlebars, Pug.
    "{{ constructor.constructor('return process')() }}",
    "{{#with 's' as |string|}}{{/with}}",
    "{{#each (lookup this 'constructor')}}{{/each}}",
    "{{> partial }}",
    "{{!-- comment --}}",
    "{{lookup this '__proto__'}}",
    "{{ .people.constructor }}",
    "{{ .people.__proto__ }}",
    # Formats that take their width from an argument, or look into one.
    '{{ printf "%*d" 1000000000 1 }}',
    '{{ printf "%.*f" 1000000000 1.5 }}',
    '{{ printf "%1000000000d" 1 }}',
    '{{ printf "%s" }}',
    '{{ printf "%(word)s" . }}',
    '{{ printf "%n" 1 }}',
    '{{ printf "%[99999999]d" 1 }}',
    # Too much of something.
    "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}",
    "{{ range 100000 }}{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}{{ end }}",
    "{{ repeat 99999999 (repeat 99999999 'a') }}",
    "{{ $x := 'aaaaaaaaaa' }}{{ range 100 }}{{ $x = print $x $x $x $x }}{{ end }}{{ $x }}",
    "{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x $x }}{{ end }}{{ toJson $x }}",
    "{{ $x := dict 'a' 1 }}{{ range 100 }}{{ $x = dict 'a' $x 'b' $x }}{{ end }}{{ $x }}",
    "{{ $x := list }}{{ range 100000 }}{{ $x = append $x . }}{{ end }}",
    "{{ $x := until 100000 }}{{ range 100000 }}{{ $y := eq $x $x }}{{ end }}",
    "{{ $x := list }}{{ $y := list }}{{ range 20 }}{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}{{ eq $x $y }}",
    "{{ $x := repeat 10000000 'a' }}{{ range 100000 }}{{ $y := contains 'b' $x }}{{ end }}",
    "{{ $x := repeat 10000000 'a' }}{{ range 100000 }}{{ $y := sha256sum $x }}{{ end }}",
    "{{ seq 1 1 99999999999999 }}",
    "{{ indent 99999999 'a' }}",
    "{{ regexReplaceAll '' (repeat 100000 'a') (repeat 100000 'b') }}",
    "{{ regexMatch '((((((((((a{0,100}){0,100}){0,100}){0,100}){0,100})))))))' 'a' }}",
    "{{ regexMatch '(?P<a>a)(?P=a)' 'aa' }}",
    "{{ regexMatch `(a)\\1` 'aa' }}",
    "{{ regexMatch '(?=a)a' 'a' }}",
    "{{ fromJson (repeat 100000 '[') }}",
    "{{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}",
    "{{ if 1 }}" * 10_000,
    "{{ .a" + ".a" * 100_000 + " }}",
)

UNTOUCHED = (
    # What other engines would evaluate has no braces of ours.
    "${7*7}",
    "#{7*7}",
    "*{7*7}",
    "@(7*7)",
    "~{7*7}",
    "<%= 7*7 %>",
    "<% import os %>${os.popen('id').read()}",
    "${self.module.cache.util.os.system('id')}",
    "<%! import os %><% os.system('id') %>",
    "{% import os %}",
    "{% for c in [].__class__.__base__.__subclasses__() %}{% endfor %}",
    "{% raw %}x{% endraw %}",
    "#set($x = $class.inspect('java.lang.Runtime'))",
    "<#assign ex='freemarker.template.utility.Execute'?new()> ${ex('id')}",
    "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "{php}echo `id`;{/php}",
    "{system('id')}",
    "{0.__class__.__init__.__globals__}",
    "{word!r:>{width}}",
    "%(word)s %s %n %x",
    "$(id) `id` ; id | cat /etc/passwd",
    "!!python/object/apply:os.system ['id']",
    "${jndi:ldap://127.0.0.1/a}",
    "__import__('os').system('id')",
    "'; DROP TABLE workflow_states; --",
    "<script>alert(1)</script>",
    "\x1b[2J",
    "}} {% {# #} %} }}",
)

HARMLESS = {
    # Data that looks like a template is data; nothing renders it a second time.
    "{{ .evil }}": "{{ .secret }}",
    "<{{ .evil }}>": "<{{ .secret }}>",
    '{{ print "{{ .secret }}" }}': "{{ .secret }}",
    "{{ `{{ .secret }}` }}": "{{ .secret }}",
    '{{ printf "%s" .evil }}': "{{ .secret }}",
    '{{ .evil | replace "secret" "x" }}': "{{ .x }}",
    "{{ toJson .evil }}": '"{{ .secret }}"',
    "{{/* {{ .secret }} */}}": "",
    # Formats of Python are text.
    '{{ printf "{0.__class__}" }}': "{0.__class__}",
    "{{ print `%(secret)s` }}": "%(secret)s",
    # Patterns that take other engines longer than anybody lives.
    "{{ regexMatch '^(a+)+$' (print (repeat 50000 'a') 'b') }}": False,
    "{{ regexMatch '^(([a-z])+.)+[A-Z]([a-z])+$' (repeat 20000 'a') }}": False,
    "{{ regexMatch '^(a|aa)+$' (print (repeat 20000 'a') 'b') }}": False,
    "{{ regexMatch '(.*)(.*)(.*)(.*)(.*)x' (repeat 5000 'a') }}": False,
    "{{ regexMatch 'a?a?a?a?a?a?a?a?a?a?aaaaaaaaaa' 'aaaaaaaaaa' }}": True,
}
"""What these come to."""

SCOPE = {
    "word": "hello",
    "people": {"bob": 2},
    "pairs": [{"id": 1}],
    "env": {"TOKEN": "t"},
    "secret": "s3cret",
    "evil": "{{ .secret }}",
}
LONGEST_S = 4.0
"""How long one may take, in processor time: some times what a million steps take, for the machine may be busy."""


def _named(payload):
    return payload[:60]


@pytest.mark.slow
@pytest.mark.parametrize("payload", REFUSED, ids=_named)
def test_payload_in_our_braces_is_refused_soon(rendered, payload):
    began = time.thread_time()

    with pytest.raises(TemplateError):
        rendered(payload, SCOPE)

    assert time.thread_time() - began < LONGEST_S


@pytest.mark.parametrize("payload", UNTOUCHED, ids=_named)
def test_payload_in_other_braces_is_text(rendered, payload):
    assert rendered(payload, SCOPE) == payload
    assert rendered(payload + "{{ .word }}", SCOPE) == payload + "hello"


@pytest.mark.slow
@pytest.mark.parametrize(("payload", "result"), HARMLESS.items(), ids=map(_named, HARMLESS))
def test_payload_that_is_legal_comes_to_what_it_says(rendered, payload, result):
    assert rendered(payload, SCOPE) == result
