from compozy.app.options import Options as Options
from compozy.app.runtime import Runtime as Runtime
from compozy.app.runtime import open_runtime as open_runtime
from compozy.app.serving import serve as serve
from compozy.app.serving import work as work
