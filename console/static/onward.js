// SPDX-License-Identifier: BSD-2-Clause
//
// Goes on with the next part of what is done with many tasks. Without this script a person does.
'use strict';
document.getElementById('go-on').requestSubmit();
